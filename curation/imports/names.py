"""Column names seen in published data sets, by what they hold, best first; lower case without punctuation."""

QUESTION = """
    mquery question questions problem quiz modifiedquestion originalquestion userquestion seedquestion instruction
    query questioncontent puzzle task prompt input title
"""
REASONING = """
    reasoning reasoningcontent thinking thoughts complexcot cot chainofthought rationale reason chain
    geminithinkingtrajectory deepseekthinkingtrajectory thinkingtrajectory thinkingprocess explanation
    generatedreasoning teacherreasoning deepseekreasoning r1reasoning trace
"""
STEPS = """
    steps modelsolutionsteps modeloutputsteps modifiedprocess process cotrepeatsteps decomposition originalprocess
"""
OUTPUT = """
    output outputs response responses completion completions generation generations generated generatedsolution
    modeloutput modelresponse fullmodelresponse originalresponse generatedtext generatedanswer prediction finaltrace
    r1generation deepseekr1 code solutioncode
"""
ANSWER = """
    geminiattempt deepseekattempt attempt deepseeksolution genans response output completion
    finalanswer prediction predanswer
"""
REFERENCE = """
    reference referenceanswer goldanswer groundtruth groundtruths groundtrueanswer groundtruthanswer gtanswer gt
    expectedanswer correctanswer correctanswers trueanswer actualanswer targetanswer target goldsolution
    goldcompletion finalanswer solutiontext answeridx
"""
GOLD = "solution gtsolution groundtruthsolution correct label"
CORRECT = """
    iscorrect correct correctness givencorrect correctnessmathverify verified finalanswercorrect initialcorrect score
    modeloutputanswercorrectness
"""
MODEL = "model modelname llm generator modelid teacher teachermodel engine"
SUBJECT = "subject topic category domain examname medicaltask type tasktype"
DATASET = "dataset datasetname datasource"
OPTIONS = "options choices"
CONTEXT = "passage context dialogue"
MEDIA = "images image videos video audios audio imagepath"
MESSAGES = "messages conversations conversation traj intermediatesteps chathistory dialogue dialog"
SOLUTION = "fullmodelresponse solution response originalresponse output completion generation cot text content"
GENERATIONS = "generations completions responses outputs solutions samples"
